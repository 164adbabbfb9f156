// The workflows of an agent: what a Finesse desktop does at events of calls (Cisco's guide, "Workflow" and "WorkflowAction").

import { all, first, parse, update } from '../console/shared/xml.js';

const MOST_CALLS = 100;

const COMPARATORS = new Map([
  ['IS_EQUAL', (actual, value) => actual === value],
  ['IS_NOT_EQUAL', (actual, value) => actual !== value],
  ['BEGINS_WITH', (actual, value) => actual.startsWith(value)],
  ['ENDS_WITH', (actual, value) => actual.endsWith(value)],
  ['CONTAINS', (actual, value) => actual.includes(value)],
  ['IS_EMPTY', (actual) => actual === ''],
  ['IS_NOT_EMPTY', (actual) => actual !== ''],
  ['IS_IN_LIST', (actual, value) => value.split(',').some((one) => one.trim() === actual)],
]);

/** Workflows of the document `list`. `onAction(action)` gets each action that has to run, as gadgets are told of it. */
export class Workflows {
  /** The triggers that have been met, by the id of the call. */
  #met = new Map();

  constructor(list, { user, extension, onAction }) {
    Object.assign(this, { user, extension, onAction });
    this.workflows = all(list, 'Workflow');
  }

  /** Takes the payload of an event of the agent's calls or tasks. */
  take(payload) {
    const told = update(payload);
    if (!told || !this.workflows.length) return;
    for (const dialog of [...all(told.data, 'Dialog'), ...all(told.data, 'dialog')]) {
      this.#look(first(dialog, 'id'), this.#facts(dialog));
      if (told.event === 'DELETE') this.#met.delete(first(dialog, 'id'));
    }
  }

  // A trigger counts once for a call. Of the workflows that have it, the first whose conditions hold is run.
  #look(id, facts) {
    if (!this.#met.has(id)) this.#met.set(id, new Set());
    if (this.#met.size > MOST_CALLS) this.#met.delete(this.#met.keys().next().value);
    const met = this.#met.get(id);
    const before = new Set(met);
    const done = new Set();
    for (const workflow of this.workflows) {
      const [set] = all(workflow, 'TriggerSet');
      const name = `${first(set, 'type')} ${first(set, 'name')}`;
      if (before.has(name) || done.has(name) || !all(set, 'Trigger').every((trigger) => this.#holds(trigger, facts))) continue;
      met.add(name);
      const [conditions] = all(workflow, 'ConditionSet');
      const listed = all(conditions, 'Condition');
      const how = first(conditions, 'applyMethod') === 'ANY' ? 'some' : 'every';
      if (listed.length && !listed[how]((condition) => this.#holds(condition, facts))) continue;
      done.add(name);
      for (const action of all(workflow, 'WorkflowAction')) this.onAction(this.#action(action, facts));
    }
  }

  // The paths of variables begin at `//Dialog` and `//User`, and an event of a change writes `dialog`.
  #facts(dialog) {
    const facts = parse('<facts><Dialog/></facts>');
    const place = facts.documentElement.firstChild;
    for (const child of dialog.children) place.append(facts.importNode(child, true));
    facts.documentElement.append(facts.importNode(this.user.documentElement, true));
    return facts;
  }

  #value(node, facts) {
    const path = node.replaceAll('${userExtension}', `"${this.extension.replaceAll('"', '')}"`);
    try {
      return facts.evaluate(path, facts, null, XPathResult.STRING_TYPE, null).stringValue.trim();
    } catch {
      // No XPath: a variable without a value.
      return '';
    }
  }

  #holds(condition, facts) {
    const actual = this.#value(first(condition, 'Variable', 'node'), facts);
    return COMPARATORS.get(first(condition, 'comparator'))?.(actual, first(condition, 'value')) ?? false;
  }

  #action(action, facts) {
    const actionVariables = all(action, 'ActionVariable').map((variable) => {
      const [name, node, type, testValue] = ['name', 'node', 'type', 'testValue'].map((part) => first(variable, part));
      return { name, node, type, testValue, actualValue: this.#value(node, facts) };
    });
    const params = all(action, 'Param').map((param) => {
      const [name, value] = [first(param, 'name'), first(param, 'value')];
      const write = name === 'path' ? encodeURIComponent : String;
      const expandedValue = value.replace(/\$\{([^}]*)\}/g, (whole, variable) => {
        const found = actionVariables.find((one) => one.name === variable);
        return found ? write(found.actualValue) : whole;
      });
      return { name, value, expandedValue };
    });
    return {
      uri: first(action, 'uri'),
      name: first(action, 'name'),
      type: first(action, 'type'),
      // The API says FINESSE_DESKTOP, and the library for gadgets FINESSE.
      handledBy: first(action, 'handledBy').replace('_DESKTOP', ''),
      params,
      actionVariables,
    };
  }
}
