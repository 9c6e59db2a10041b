/** What a caller may be. An agent may look and propose; it never approves, whatever a policy says. */
export const ROLES = ["viewer", "operator", "approver", "admin", "agent"] as const;
export type Role = (typeof ROLES)[number];

/**
 * What an operation asks of its caller. `look` changes nothing; `propose` brings a change before the gates and lowers none; `answer` is a person's word on an
 * update that waits for one; `administer` decides who may do what.
 */
export const NEEDS = ["look", "propose", "operate", "answer", "administer"] as const;
export type Need = (typeof NEEDS)[number];
