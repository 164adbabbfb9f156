// The libraries under test, behind one face: `connect` logs in and binds, and gives a session with
//
//   jid, messages, presences       who one is; what came in, as the library tells it (see readMessage in lab/xml.js)
//   available()                    initial presence
//   subscribe, unsubscribe, subscriptions, publish      by the library's own pubsub API where it has one
//   ping, discoInfo, chat          each waits for its answer; an iq error is an IqError
//   streamError, closed            promises: the condition of a stream error, the end, both as the library tells them
//   reconnected(serverIsBack)      the library's own way back after the server was away; waits until it is logged in again
//   disconnect()                   a clean end by the library's own means
//   abandon()                      no more timers or connections, whatever the state
//
// `reads`, where a client has it, says what its parser makes of a text that should arrive as it is.
//
// A login that fails is a LoginError with what the library said about it.

import { stanza } from './stanza.js';
import { strophe1, strophe5 } from './strophe.js';
import { xmppjs } from './xmppjs.js';

export const CLIENTS = [strophe5, strophe1, stanza, xmppjs];
/** Those that speak BOSH too. */
export const BOSH_CLIENTS = [strophe5, strophe1, stanza];
export { stanza, strophe1, strophe5, xmppjs };
