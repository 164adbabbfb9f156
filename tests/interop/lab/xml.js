// The DOM that a browser has, for the libraries that were made for one and for tests that look at raw frames.

import { DOMImplementation, DOMParser as XmlParser } from '@xmldom/xmldom';

// As browsers read XML 1.0: the parser's own way is that of XML 1.1, which also takes U+0085 and U+2028 for line ends.
const OPTIONS = { onError: strict, normalizeLineEndings: (text) => text.replace(/\r\n?/g, '\n') };

/** As in a browser: what is not well-formed gives a document that says so, no exception. */
export class DOMParser {
  parseFromString(text, type) {
    try {
      return new XmlParser(OPTIONS).parseFromString(text, type);
    } catch (error) {
      const namespace = 'http://www.mozilla.org/newlayout/xml/parsererror.xml';
      const failed = new DOMImplementation().createDocument(namespace, 'parsererror', null);
      failed.documentElement.appendChild(failed.createTextNode(error.message));
      return failed;
    }
  }
}

/** The document of a page, as far as it is needed to make elements. */
export const newDocument = () => new DOMImplementation().createDocument(null, null, null);

/** The root element of a frame; what is not well-formed is an error. */
export const parse = (text) => new XmlParser(OPTIONS).parseFromString(text, 'text/xml').documentElement;

/** The child elements, of any name or of one. */
export const children = (element, name) =>
  Array.from(element.childNodes).filter((node) => node.nodeType === 1 && (!name || node.localName === name));

function strict(level, message) {
  if (level !== 'warning') throw new Error(`not well-formed: ${message}`);
}

/** What a `<message/>` says of an event, from its element. */
export function readMessage(message) {
  const event = children(message, 'event')[0];
  const items = event && children(event, 'items')[0];
  const item = items && children(items, 'item')[0];
  const payload = item && children(item)[0];
  return {
    from: message.getAttribute('from'),
    to: message.getAttribute('to'),
    id: message.getAttribute('id'),
    type: message.getAttribute('type'),
    body: children(message, 'body')[0]?.textContent,
    node: items?.getAttribute('node'),
    itemId: item?.getAttribute('id'),
    payload: payload && {
      namespace: payload.namespaceURI ?? payload.getAttribute('xmlns'),
      severity: payload.getAttribute('severity') ?? undefined,
    },
    // As Cisco's tunnel reads it: all text there is, wherever it stands.
    text: message.textContent,
  };
}
