import { NEEDS, needOf, OPERATIONS, type Operation, ROLES } from "@instar/protocol";

/**
 * What policies may speak of, in Cedar's schema language. A policy that names anything else is refused before it is ever asked, and a request without one of
 * these facts is an error, which denies.
 */
export function renderPolicySchema(): string {
  return `// Who asks, what is asked, and what is known. Every attribute is always there.
namespace Instar {
  entity Role enum [${ROLES.map((role) => JSON.stringify(role)).join(", ")}];

  /// Instar itself, when it found something.
  entity Daemon enum ["instar"];
  /// Whoever showed a token, or came by the instance's own door.
  entity Person in [Role] { name: String };
  entity Agent in [Role] { name: String };

  entity Instance;
  entity Update {
    kind: String,             // code, configuration
    trigger: String,          // found, by-hand, first
    startedBy: String,        // system, user, agent
    starter: String,
    updateType: String,       // patch, minor, major, hotfix, config, security
    bump: String,             // first, none, patch, minor, major, unknown, downgrade
    bumpRank: Long,           // 0 (none, first), 1 patch, 2 minor, 3 major, 4 unknown, 5 downgrade
    impactLevel: String,      // low, medium, high, critical
    impactRank: Long,         // 0 to 3
    risk: String,             // minimal, low, medium, high, critical
    riskRank: Long,           // 0 to 4
    score: Long,              // 0 to 100
    touches: Set<String>,     // tests, test-settings, ci, policy, sign-in, migrations, runner, dependencies, environment, permissions
    weakens: Set<String>,     // of the same words
    dependencies: Long,       // packages added, removed or changed
    installScripts: Bool,
    failedChecks: Set<String>,
    tests: String,            // pass insufficient nodata inconclusive error fail
    rehearsal: String,        // the same words, or off
    isConfined: Bool,
    untested: Bool,
    quarantined: Bool,
    lessons: Long,
    origin: String,           // tuf, ssh, openpgp, npm-provenance, npm-signature, pinned-key, self, none
    originBy: String          // who signed; empty where nobody did
  };

  type Settings = {
    automaticRank: Long,      // updates.automatic as a bumpRank; -1: never
    approvalFor: Set<String>, // approvals.for
    riskLimit: Long,          // decision.approvalAboveRisk as a riskRank
    quorum: Long,             // approvals.quorum
    accepts: Set<String>      // source.accept
  };
  type Calendar = {
    frozen: Bool,             // within one of updates.freezes
    outsideWindows: Bool      // there are updates.windows, and it is in none of them
  };

  /// May it be exchanged without anybody's word?
  action "proceed" appliesTo { principal: [Daemon, Person, Agent], resource: [Update], context: { settings: Settings, calendar: Calendar } };
  /// May it be exchanged once enough people have approved it?
  action "proceedWithApproval" appliesTo { principal: [Daemon, Person, Agent], resource: [Update], context: { settings: Settings, calendar: Calendar } };

  /// Groups of operations, by what they ask of whoever calls them.
${NEEDS.map((need) => `  action ${JSON.stringify(need)};`).join("\n")}
${(OPERATIONS as readonly Operation[]).map(renderOperation).join("\n")}
}
`;
}

/** An answer is about an update and its facts; everything else is about the instance. */
function renderOperation(operation: Operation): string {
  const need = needOf(operation);
  const about = need === "answer" ? `resource: [Update], context: { isAuthor: Bool, isStarter: Bool, others: Long }` : "resource: [Instance], context: {}";
  return `  action ${JSON.stringify(operation.name)} in [Action::${JSON.stringify(need)}] appliesTo { principal: [Person, Agent], ${about} };`;
}
