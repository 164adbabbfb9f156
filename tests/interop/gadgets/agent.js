// A gadget in the manner of those for a Finesse desktop: preferences, requests with the user's authorization, topics of nodes,
// the connection, a team asked for by the container, and words to the other gadgets.

var agent = (function () {
  var prefs = new gadgets.Prefs(), user, stop;

  function show(id, text) {
    document.getElementById(id).textContent = text;
    gadgets.window.adjustHeight();
  }

  function request(path, done, method, body) {
    var params = {}, headers = { Authorization: 'Basic ' + prefs.getString('authorization'), locale: prefs.getString('locale') };
    params[gadgets.io.RequestParameters.METHOD] = method || 'GET';
    params[gadgets.io.RequestParameters.REFRESH_INTERVAL] = 0;
    if (body) {
      headers['Content-Type'] = 'application/xml';
      headers.requestId = 'r-gadget';
      params[gadgets.io.RequestParameters.GET_FULL_HEADERS] = 'true';
      params[gadgets.io.RequestParameters.POST_DATA] = body;
    }
    params[gadgets.io.RequestParameters.HEADERS] = headers;
    gadgets.io.makeRequest(encodeURI(prefs.getString('scheme') + '://' + prefs.getString('restHost') + ':' + prefs.getString('localhostPort')) + path, done, params);
  }

  return {
    init: function () {
      user = '/finesse/api/User/' + prefs.getString('id');
      gadgets.Hub.subscribe('finesse.api.User.' + prefs.getString('id'), function (topic, event) {
        show('state', event.object.Update.data.user.state + ' ' + event.object.Update.requestId);
      });
      gadgets.Hub.subscribe('finesse.api.User.' + prefs.getString('id') + '.Dialogs', function (topic, event) {
        var data = event.object.Update.data, dialog = data.dialogs ? data.dialogs.Dialog : data.dialog;
        // The objects are of this window, as a library that looks for arrays needs them.
        show('dialogs', event.object.Update.event + ' ' + dialog.fromAddress + ' ' + (dialog.mediaProperties.callvariables.CallVariable instanceof Array));
      });
      gadgets.Hub.subscribe('finesse.info.connection', function (topic, data) {
        show('connection', data.status + ' ' + data.resourceID);
      });
      gadgets.Hub.publish('finesse.info.requests', { type: 'ConnectionInfoReq', data: {}, invokeID: 1 });
      gadgets.Hub.subscribe('finesse.containerservices.activeTab', function (topic, tab) {
        show('tab', tab + ' ' + window.frameElement.closest('div.tab-panel').id + ' ' + typeof parent.finesse.container.Container.reloadGadget);
      });
      gadgets.Hub.publish('finesse.containerservices.requests', { type: 'ActiveTabReq', data: {}, invokeID: 2 });
      gadgets.Hub.subscribe('lab.*', function (topic, data) {
        show('heard', topic + ' ' + data.text);
      });
      request(user, function (answer) {
        show('rest', answer.rc + ' ' + /<state>(\w+)/.exec(answer.text)[1] + ' ' + answer.headers['content-type'][0]);
      });
      gadgets.io.makeRequest('https://elsewhere.example/x', function (answer) {
        show('elsewhere', answer.rc + ' ' + answer.errors[0]);
      }, {});
    },
    ready: function () {
      request(user, function (answer) {
        if (answer.rc !== 202) show('state', String(answer.rc));
      }, 'PUT', '<User><state>READY</state></User>');
    },
    say: function () {
      gadgets.Hub.publish('lab.words', { text: 'good morning' });
    },
    reload: function () {
      gadgets.Hub.publish('finesse.containerservices.requests', {
        type: 'ReloadGadgetReq', data: { gadgetId: gadgets.util.getUrlParameters().mid }, invokeID: 3,
      });
    },
  };
}());
