// What the server says when it refuses something. Its sentences are English; elsewhere the page says by their status, or by the
// type of Finesse's error, what they mean, and shows them beside it as what they are.

import { addWords, language, t } from './words.js';

/** Around text of another language: what is between them is shown as such by `say()`. */
const [BEGIN, END] = ['\u2068', '\u2069'];

addWords({
  en: {
    'refused.other': 'The request was not carried out',
    'refused.invalid': 'The request is not valid',
    'refused.rights': 'The user or the password is wrong, or the user may not do this',
    'refused.forbidden': 'This is not allowed',
    'refused.unknown': 'There is no such thing',
    'refused.method': 'This address has other methods',
    'refused.state': 'The present state does not allow this',
    'refused.long': 'The content is too long',
    'refused.many': 'There were too many requests',
    'refused.failed': 'The server could not carry out the request',
    'refused.proxy': 'A proxy got no answer from the server',
    'refused.service': 'The service is not available now',
    'refused.value': 'A value is not valid',
    'refused.missing': 'A value is missing',
    'refused.destination': 'The destination is not valid',
    'refused.supervisor': 'The supervisor may not do this',
    'refused.user': 'There is no such user',
    'refused.used': 'It is in use',
    'refused.most': 'There are as many as there may be',
    'ended.client': 'closed by the client',
    'ended.gone': 'the client has gone',
    'ended.administrator': 'an administrator has ended it',
    'ended.fault': 'ended by a fault',
    'refused.said': '{status}: {summary} (the server: {text})',
    'refused.silent': '{status}: {summary}',
  },
  'zh-TW': {
    'refused.other': '要求未完成',
    'refused.invalid': '要求的內容無效',
    'refused.rights': '使用者或密碼錯誤，或使用者沒有權限',
    'refused.forbidden': '不允許這項要求',
    'refused.unknown': '找不到對象',
    'refused.method': '此位址不支援這個方法',
    'refused.state': '目前的狀態不允許這項操作',
    'refused.long': '內容太長',
    'refused.many': '要求太多',
    'refused.failed': '伺服器無法完成要求',
    'refused.proxy': '代理伺服器收不到伺服器的回應',
    'refused.service': '服務目前無法使用',
    'refused.value': '有一個值無效',
    'refused.missing': '缺少必要的值',
    'refused.destination': '目的地無效',
    'refused.supervisor': '主管不能這麼做',
    'refused.user': '沒有這個使用者',
    'refused.used': '正在使用中',
    'refused.most': '已達數量上限',
    'ended.client': '用戶端已關閉',
    'ended.gone': '用戶端已離線',
    'ended.administrator': '管理員已結束',
    'ended.fault': '因故障而結束',
    'refused.said': '{status}：{summary}（伺服器原文：{text}）',
    'refused.silent': '{status}：{summary}',
  },
});

/** What statuses, and the types of Finesse's errors, mean. */
const SUMMARIES = {
  __proto__: null,
  400: 'refused.invalid',
  401: 'refused.rights',
  403: 'refused.forbidden',
  404: 'refused.unknown',
  405: 'refused.method',
  409: 'refused.state',
  413: 'refused.long',
  429: 'refused.many',
  500: 'refused.failed',
  502: 'refused.proxy',
  503: 'refused.service',
  504: 'refused.proxy',
  'Invalid Input': 'refused.value',
  'Parameter Missing': 'refused.missing',
  'Invalid State': 'refused.state',
  'Invalid Destination': 'refused.destination',
  'Invalid Supervisor': 'refused.supervisor',
  'Not Found': 'refused.unknown',
  'User Not Found': 'refused.user',
  'In Use': 'refused.used',
  'Maximum Exceeded': 'refused.most',
};

/** Why sessions end, as the server says it. Others are conditions of XMPP. */
const ENDS = {
  __proto__: null,
  'closed by the client': 'ended.client',
  'the client has gone': 'ended.gone',
  'an administrator has ended it': 'ended.administrator',
  'ended by a fault': 'ended.fault',
};

/** A text of the server, which is English whatever the language of the page is. */
export function foreign(text) {
  return text && language() !== 'en' ? `${BEGIN}${text}${END}` : text;
}

/** What a status and the sentence beside it say; `type` is that of an error of Finesse's API. */
export function refusal(status, text = '', type = '') {
  if (language() === 'en') return text ? `${status}: ${text}` : t('refused.silent', { status, summary: summary(status, type) });
  return t(text ? 'refused.said' : 'refused.silent', { status, summary: summary(status, type), text: foreign(text) });
}

/** What the errors of an event say: `type` is the stable name of the error, `message` its sentence. */
export function failed(type, message) {
  const text = [type, message].filter(Boolean).join(' · ');
  return language() === 'en' ? text : t('refused.silent', { status: summary('', type), summary: foreign(text) });
}

function summary(status, type) {
  return t(SUMMARIES[type] ?? SUMMARIES[status] ?? 'refused.other');
}

/** Why a session has ended. */
export function endOf(reason) {
  return ENDS[reason] ? t(ENDS[reason]) : foreign(reason);
}
