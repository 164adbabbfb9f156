// States of agents, calls and the service, as a word and a kind of badge.

import './states.words.js';
import { has, t } from './words.js';

const KINDS = {
  READY: 'good',
  TALKING: 'busy',
  HOLD: 'busy',
  RESERVED: 'busy',
  WORK: 'warn',
  WORK_READY: 'warn',
  NOT_READY: 'warn',
  LOGOUT: 'quiet',
  ACTIVE: 'good',
  ALERTING: 'busy',
  INITIATING: 'busy',
  INITIATED: 'busy',
  HELD: 'warn',
  FAILED: 'bad',
  DROPPED: 'quiet',
  IN_SERVICE: 'good',
  PARTIAL_SERVICE: 'warn',
  OUT_OF_SERVICE: 'bad',
};

/** The order in which states are counted and shown. */
export const AGENT_STATES = ['READY', 'RESERVED', 'TALKING', 'HOLD', 'WORK', 'WORK_READY', 'NOT_READY', 'LOGOUT'];

/** A state in words; one that is not known as the server has it. */
export function stateName(state) {
  return has(`state.${state}`) ? t(`state.${state}`) : state;
}

/** `good`, `busy`, `warn`, `bad` or `quiet`. */
export function stateKind(state) {
  return KINDS[state] ?? 'busy';
}
