// What an agent's page for Finesse does, with the libraries and in the order in which Cisco's sample does it: it knows
// nothing of its server but that /ws/ and /finesse/api are where the page itself came from.
'use strict';

$(function () {
  var agent, password, extension, domain, connection;

  function api(method, path, body, done) {
    $('#answer').text('');
    $.ajax({
      url: '/finesse/api' + path,
      type: method,
      contentType: 'application/xml',
      headers: { Authorization: 'Basic ' + btoa(agent + ':' + password) },
      data: body,
      // What cannot be parsed by its content type is an error, whatever the status.
      error: function (xhr, kind) {
        console.error(method + ' ' + path + ': ' + kind + ' ' + xhr.status + ' ' + xhr.responseText);
      },
      complete: function (xhr) {
        $('#answer').text(method + ' ' + path + ' ' + xhr.status);
        if (done) done(xhr);
      },
    });
  }

  function setState(state, done) {
    api('PUT', '/User/' + agent, '<User>' + state + '</User>', done);
  }

  function onMessage(message) {
    var items = $(message).find('items');
    // The payload is text inside the message, not elements.
    $('<li>').attr('data-node', items.attr('node')).text(items.text()).appendTo('#events');
    return true;
  }

  function onPresence(presence) {
    $('<li>').text($(presence).attr('from')).appendTo('#presences');
    return true;
  }

  function count(what) {
    $(what).text(Number($(what).text()) + 1);
  }

  function ping() {
    var iq = $iq({ type: 'get', to: domain, id: connection.getUniqueId('ping') });
    connection.sendIQ(iq.c('ping', { xmlns: 'urn:xmpp:ping' }), function () {
      count('#answered');
    }, null, 10000);
    count('#asked');
  }

  function onStatus(status, condition) {
    var name = $.map(Strophe.Status, function (value, key) {
      return value === status ? key : null;
    })[0];
    $('#connection').text(condition ? name + ' ' + condition : name);
    if (status !== Strophe.Status.CONNECTED) return;
    connection.addHandler(onMessage, null, 'message');
    connection.addHandler(onPresence, null, 'presence');
    connection.send($pres());
    setInterval(ping, 10000);
    setState('<state>LOGIN</state><extension>' + extension + '</extension>', function (xhr) {
      if (xhr.status !== 202) return;
      $('#sign-in').hide();
      $('#desk').show();
    });
  }

  $('#sign-in').submit(function () {
    agent = $('#agent').val();
    password = $('#password').val();
    extension = $('#extension').val();
    domain = $('#domain').val();
    var scheme = window.location.protocol === 'https:' ? 'wss://' : 'ws://';
    connection = new Strophe.Connection(scheme + window.location.host + '/ws/');
    connection.connect(agent + '@' + domain + '/' + extension, password, onStatus);
    return false;
  });

  $('#get-state').click(function () {
    api('GET', '/User/' + agent, undefined, function (xhr) {
      $('#state').text(xhr.responseText);
    });
  });

  $('#ready').click(function () {
    setState('<state>READY</state>');
  });

  $('#not-ready').click(function () {
    setState('<state>NOT_READY</state>');
  });

  // Where the API wants the agent's id, Cisco's sample says the extension.
  $('#make-call').click(function () {
    api('POST', '/User/' + extension + '/Dialogs',
      '<Dialog><requestedAction>MAKE_CALL</requestedAction>' +
      '<toAddress>' + $('#number').val() + '</toAddress>' +
      '<fromAddress>' + extension + '</fromAddress></Dialog>');
  });

  $('.of-call').click(function () {
    api('PUT', '/Dialog/' + $('#call').val(),
      '<Dialog><targetMediaAddress>' + extension + '</targetMediaAddress>' +
      '<requestedAction>' + this.value + '</requestedAction></Dialog>');
  });

  $('#sign-out').click(function () {
    setState('<state>LOGOUT</state>', function (xhr) {
      if (xhr.status !== 202) return;
      connection.reset();
      window.location.reload();
    });
  });
});
