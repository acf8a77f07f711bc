// @ts-check
/** Who may do what on a topic or a group, as far as rules and the roles of tokens tell. */

/**
 * @typedef {object} Rule
 * @property {number} id
 * @property {string} [principal]
 * @property {string} [role]
 * @property {string} right
 * @property {string} [topic]
 * @property {string} [group]
 * @property {string} [source]
 * @property {string} [created_by]
 * @property {string} [created_at]
 */
/**
 * @typedef {object} Token
 * @property {string} id
 * @property {string} [token] only in the answer to its creation
 * @property {string} principal
 * @property {string[]} roles
 * @property {string} [description]
 * @property {string} [created_by]
 * @property {string} [created_at]
 * @property {string | null} [expires_at]
 * @property {string | null} [revoked_at]
 * @property {string | null} [last_used_at]
 */
/**
 * @typedef {object} Grantee
 * @property {"principal" | "role"} kind
 * @property {string} name
 * @property {Record<string, string[]>} rights why, by right; only rights that it has
 */

export const RIGHTS = { topic: ['read', 'write', 'manage'], group: ['use', 'manage'] };

/** @type {Record<string, {topic: string[], group: string[]}>} */
const BUILT_IN = {
  admin: RIGHTS,
  writer: { topic: ['write'], group: [] },
  reader: { topic: ['read'], group: ['use'] },
};

/**
 * Whether a rule's pattern stands for a name: the name itself, the beginning of names with * behind it, or * for all.
 *
 * @param {string} pattern
 * @param {string} name
 */
export function matches(pattern, name) {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/**
 * @param {Token} token
 * @param {number} now milliseconds since 1970
 */
export function isValid(token, now) {
  const revoked = (token.revoked_at ?? null) !== null;
  const expired = typeof token.expires_at === 'string' && Date.parse(token.expires_at) <= now;
  return !revoked && !expired;
}

/**
 * @param {object} question
 * @param {"topic" | "group"} question.kind
 * @param {string} question.name
 * @param {Rule[]} question.rules
 * @param {Token[]} question.tokens
 * @param {number} question.now
 * @returns {Grantee[]} principals first, each in the order of their names; without those that may do nothing
 */
export function whoMay({ kind, name, rules, tokens, now }) {
  /** @type {Map<string, Grantee>} */
  const grantees = new Map();
  /**
   * @param {"principal" | "role"} who
   * @param {string} whose
   * @param {string} right
   * @param {string} reason
   */
  const grant = (who, whose, right, reason) => {
    const id = `${who} ${whose}`;
    const grantee = grantees.get(id) ?? { kind: who, name: whose, rights: {} };
    grantees.set(id, grantee);
    (grantee.rights[right] ??= []).push(reason);
  };
  const fitting = rules.filter((rule) => matches(rule[kind] ?? '', name) && rule[kind] !== undefined);
  for (const rule of fitting) {
    if (rule.principal !== undefined) {
      grant('principal', rule.principal, rule.right, `rule ${rule.id}`);
    } else if (rule.role !== undefined) {
      grant('role', rule.role, rule.right, `rule ${rule.id}`);
    }
  }
  for (const [role, rights] of Object.entries(BUILT_IN)) {
    for (const right of rights[kind]) {
      grant('role', role, right, 'built in');
    }
  }
  for (const token of tokens) {
    if (!isValid(token, now)) {
      continue;
    }
    for (const role of token.roles) {
      for (const right of BUILT_IN[role]?.[kind] ?? []) {
        grant('principal', token.principal, right, `role ${role} of token ${token.id}`);
      }
      for (const rule of fitting) {
        if (rule.role === role) {
          grant('principal', token.principal, rule.right, `role ${role} of token ${token.id}, rule ${rule.id}`);
        }
      }
    }
  }
  return [...grantees.values()].sort((a, b) =>
    a.kind === b.kind ? (a.name < b.name ? -1 : 1) : a.kind === 'principal' ? -1 : 1,
  );
}
