/** The policies that Instar brings. Two of the files always hold; the third an operator may leave out (`policy.shipped: false`). */
export const SHIPPED_POLICIES = {
  /** What no policy can loosen: in Cedar a forbid wins over every permit. */
  "always.cedar": `// These always hold. A forbid wins over every permit.

@id("critical-needs-a-person")
@because("a critical change never goes on by itself, whatever its type")
forbid (principal, action == Instar::Action::"proceed", resource)
unless {
  resource.trigger == "first" ||
  (resource.impactRank < 3 && resource.riskRank < 4)
};

@id("tests-were-passed")
@because("what was never measured is no pass")
forbid (
  principal,
  action in [Instar::Action::"proceed", Instar::Action::"proceedWithApproval"],
  resource
)
unless {
  resource.tests == "pass" || resource.trigger == "first" ||
  (resource.untested && resource.startedBy == "user")
};

@id("somebody-vouches-for-it")
@because("nobody whom source.accept names vouches for it")
forbid (principal, action == Instar::Action::"proceed", resource)
unless {
  resource.trigger == "first" ||
  context.settings.accepts.contains("none") ||
  context.settings.accepts.contains(resource.origin)
};

@id("only-a-person-takes-what-nobody-vouches-for")
@because("nobody whom source.accept names vouches for it, and no person started it")
forbid (principal, action == Instar::Action::"proceedWithApproval", resource)
unless {
  resource.startedBy == "user" ||
  resource.trigger == "first" ||
  context.settings.accepts.contains("none") ||
  context.settings.accepts.contains(resource.origin)
};

@id("an-agent-lowers-no-gate")
@because("an agent cannot let a change go on that was not tested or misbehaved before")
forbid (
  principal,
  action in [Instar::Action::"proceed", Instar::Action::"proceedWithApproval"],
  resource
)
when { resource.startedBy == "agent" && (resource.untested || resource.quarantined) };

@id("an-agent-never-answers")
@because("an agent may look and propose, and nothing else")
forbid (
  principal is Instar::Agent,
  action in [Instar::Action::"answer", Instar::Action::"operate", Instar::Action::"administer"],
  resource
);

@id("agents-are-agents")
@because("who came with an agent's token is an agent, whatever else is said of it")
forbid (principal in Instar::Role::"agent", action in [Instar::Action::"answer", Instar::Action::"operate", Instar::Action::"administer"], resource);

@id("the-author-does-not-approve")
@because("nobody approves a change of his own")
forbid (principal, action == Instar::Action::"update.approve", resource)
unless { context.isAuthor == false };

@id("tokens-are-the-admins")
@because("only an admin makes or ends tokens")
forbid (principal, action in Instar::Action::"administer", resource)
unless { principal in Instar::Role::"admin" };

@id("only-approvers-approve")
@because("only an approver or an admin answers for an update")
forbid (principal, action in Instar::Action::"answer", resource)
unless { principal in [Instar::Role::"approver", Instar::Role::"admin"] };
`,

  /** Who may do what. */
  "roles.cedar": `// Who may do what.

@id("everyone-looks")
@because("every role may look")
permit (principal, action in Instar::Action::"look", resource);

@id("agents-propose")
@because("an agent may propose a change, which then goes through every gate")
permit (principal, action in Instar::Action::"propose", resource)
when { principal in [Instar::Role::"agent", Instar::Role::"operator", Instar::Role::"admin"] };

@id("operators-operate")
@because("an operator starts, stops and goes back")
permit (principal, action in Instar::Action::"operate", resource)
when { principal in [Instar::Role::"operator", Instar::Role::"admin"] };

@id("approvers-answer")
@because("an approver answers for an update that waits for a person")
permit (principal, action in Instar::Action::"answer", resource)
when { principal in [Instar::Role::"approver", Instar::Role::"admin"] };

@id("admins-administer")
@because("an admin decides who may do what")
permit (principal in Instar::Role::"admin", action in Instar::Action::"administer", resource);
`,

  /** Which update may proceed. `policy.shipped: false` leaves these out. */
  "updates.cedar": `// Which update may proceed, as the specification's tables have it.

@id("first-version")
@because("it is the first version, and a person started Instar for it")
permit (principal, action == Instar::Action::"proceed", resource)
when { resource.trigger == "first" };

@id("small-steps")
@because("it is a step that instar.yaml lets proceed by itself, and its impact and risk ask for nobody")
permit (
  principal == Instar::Daemon::"instar",
  action == Instar::Action::"proceed",
  resource
)
when {
  resource.bumpRank <= context.settings.automaticRank &&
  context.settings.approvalFor.contains(resource.impactLevel) == false &&
  resource.riskRank <= context.settings.riskLimit
};

@id("small-steps-of-an-agent")
@because("an agent proposed a step that instar.yaml lets proceed by itself; it touches nothing that judges it")
permit (
  principal is Instar::Agent,
  action == Instar::Action::"proceed",
  resource
)
when {
  resource.bumpRank <= context.settings.automaticRank &&
  context.settings.approvalFor.contains(resource.impactLevel) == false &&
  resource.riskRank <= context.settings.riskLimit &&
  resource.touches.containsAny(["tests", "test-settings", "ci", "policy"]) == false
};

@id("started-by-a-person")
@because("a person started it, and has looked at it")
permit (principal is Instar::Person, action == Instar::Action::"proceed", resource)
when { resource.startedBy == "user" };

@id("with-approval")
@because("a person's word is needed")
@approvals("1")
permit (principal, action == Instar::Action::"proceedWithApproval", resource);

@id("not-in-a-freeze")
@because("nothing proceeds by itself in a freeze")
forbid (
  principal,
  action in [Instar::Action::"proceed", Instar::Action::"proceedWithApproval"],
  resource
)
when { resource.startedBy != "user" && resource.trigger != "first" && context.calendar.frozen };

@id("only-in-a-window")
@because("updates proceed by themselves only within their windows")
forbid (
  principal,
  action in [Instar::Action::"proceed", Instar::Action::"proceedWithApproval"],
  resource
)
when { resource.startedBy != "user" && resource.trigger != "first" && context.calendar.outsideWindows };

@id("the-starter-does-not-approve")
@because("who started an update does not approve it while there is anybody else who may")
forbid (principal, action == Instar::Action::"update.approve", resource)
when { context.isStarter && context.others > 0 };
`,
} as const;

/** Those that hold even where the operator's own policies cannot be read. */
export const ALWAYS = ["always.cedar", "roles.cedar"] as const;
