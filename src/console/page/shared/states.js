// States of agents, calls and the service, as a word and a kind of badge.

import { addWords, has, t } from './words.js';

const KINDS = {
  __proto__: null,
  READY: 'good',
  TALKING: 'busy',
  HOLD: 'busy',
  RESERVED: 'busy',
  RESERVED_OUTBOUND: 'busy',
  RESERVED_OUTBOUND_PREVIEW: 'busy',
  WORK: 'warn',
  WORK_READY: 'warn',
  NOT_READY: 'warn',
  LOGOUT: 'quiet',
  ACTIVE: 'good',
  ALERTING: 'busy',
  INITIATING: 'busy',
  INITIATED: 'busy',
  HELD: 'warn',
  WRAP_UP: 'warn',
  FAILED: 'bad',
  DROPPED: 'quiet',
  OFFERED: 'busy',
  ACCEPTED: 'busy',
  PAUSED: 'warn',
  WRAPPING_UP: 'warn',
  INTERRUPTED: 'warn',
  CLOSED: 'quiet',
  IN_SERVICE: 'good',
  PARTIAL_SERVICE: 'warn',
  OUT_OF_SERVICE: 'bad',
};

/** The order in which states are counted and shown. */
export const AGENT_STATES = [
  'READY', 'RESERVED', 'RESERVED_OUTBOUND', 'RESERVED_OUTBOUND_PREVIEW', 'TALKING', 'HOLD', 'WORK', 'WORK_READY', 'NOT_READY', 'LOGOUT',
];

/** A state in words. A state without a word is shown as the server writes it. */
export function stateName(state) {
  return has(`state.${state}`) ? t(`state.${state}`) : state;
}

/** A state of a task, or of an agent in a medium other than voice, in words. */
export function taskStateName(state) {
  return has(`task.${state}`) ? t(`task.${state}`) : stateName(state);
}

/** `good`, `busy`, `warn`, `bad` or `quiet`. */
export function stateKind(state) {
  return KINDS[state] ?? 'busy';
}

addWords({
  en: {
    'state.READY': 'Ready',
    'state.NOT_READY': 'Not ready',
    'state.RESERVED': 'Reserved',
    'state.RESERVED_OUTBOUND': 'Reserved (dialing)',
    'state.RESERVED_OUTBOUND_PREVIEW': 'Reserved (outbound)',
    'state.ACCEPTED': 'Accepted',
    'state.TALKING': 'Talking',
    'state.HOLD': 'On hold',
    'state.WORK': 'Wrap-up',
    'state.WORK_READY': 'Wrap-up, then ready',
    'state.LOGOUT': 'Signed out',
    'state.UNKNOWN': 'Unknown',
    'state.INITIATING': 'Off hook',
    'state.INITIATED': 'Calling',
    'state.ALERTING': 'Ringing',
    'state.ACTIVE': 'Talking',
    'state.HELD': 'On hold',
    'state.WRAP_UP': 'Wrap-up',
    'state.FAILED': 'Failed',
    'state.DROPPED': 'Ended',
    'state.IN_SERVICE': 'In service',
    'state.PARTIAL_SERVICE': 'Partially in service',
    'state.OUT_OF_SERVICE': 'Out of service',
    'task.RESERVED': 'Task offered',
    'task.OFFERED': 'Offered',
    'task.ACCEPTED': 'Accepted',
    'task.ACTIVE': 'Active',
    'task.PAUSED': 'Paused',
    'task.WRAPPING_UP': 'Wrap-up',
    'task.INTERRUPTED': 'Interrupted',
    'task.CLOSED': 'Closed',
    'state.waiting': 'waiting',
    'state.longest': 'longest {time}',
  },
  'zh-TW': {
    'state.READY': '就緒',
    'state.NOT_READY': '未就緒',
    'state.RESERVED': '已預留（待接聽）',
    'state.RESERVED_OUTBOUND': '已預留（外撥中）',
    'state.RESERVED_OUTBOUND_PREVIEW': '已預留（外撥預覽）',
    'state.ACCEPTED': '已接受',
    'state.TALKING': '通話中',
    'state.HOLD': '保留中',
    'state.WORK': '話後處理',
    'state.WORK_READY': '話後處理（之後就緒）',
    'state.LOGOUT': '已登出',
    'state.UNKNOWN': '未知',
    'state.INITIATING': '已拿起話筒',
    'state.INITIATED': '撥號中',
    'state.ALERTING': '響鈴中',
    'state.ACTIVE': '通話中',
    'state.HELD': '保留中',
    'state.WRAP_UP': '話後處理',
    'state.FAILED': '失敗',
    'state.DROPPED': '已結束',
    'state.IN_SERVICE': '服務正常',
    'state.PARTIAL_SERVICE': '部分服務可用',
    'state.OUT_OF_SERVICE': '服務中斷',
    'task.RESERVED': '已指派工作',
    'task.OFFERED': '等待接受',
    'task.ACCEPTED': '已接受',
    'task.ACTIVE': '處理中',
    'task.PAUSED': '已暫停',
    'task.WRAPPING_UP': '話後處理',
    'task.INTERRUPTED': '已中斷',
    'task.CLOSED': '已結束',
    'state.waiting': '通等候中',
    'state.longest': '最長等候 {time}',
  },
});
