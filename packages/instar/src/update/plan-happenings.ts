import type { Happening } from "../notifications/plan-notifications.ts";
import type { EntryBody, Gives, UpdateId, UpdateStart } from "./journal-entry.ts";

/** What people are told of a journal entry: how an update ended, that it is stuck, that it waits for a person. Pure. */
export function planHappenings(update: UpdateId, start: UpdateStart, body: EntryBody, about: { instance: string; at: string }): Happening[] {
  const { versionFrom, versionTo } = start;
  const say = (occasion: Happening["occasion"], key: string, summary: string, advice: string | null): Happening[] => [
    { occasion, key, summary, advice, update, versionFrom, versionTo, ...about },
  ];
  switch (body.kind) {
    case "ended":
      return say(body.outcome, update, `the update to ${versionTo} ended ${body.outcome}: ${body.because}`, null);
    case "stuck":
      return say(
        "stuck",
        `${update} ${body.because}`,
        `the update to ${versionTo} is stuck: ${body.because}`,
        `instar update resolve retry|accept|abandon ${update}`,
      );
    case "waiting":
      // Each look of a pause journals it again: it is told once for each time that it began to wait.
      if (body.waitsFor === "approval" || (body.waitsFor === "operator" && body.step !== "watch" && body.step !== "trial"))
        return say(
          "waiting",
          `${update} ${body.step}`,
          `the update to ${versionTo} waits for ${body.waitsFor === "approval" ? "approval" : "a person"}: ${body.because}`,
          body.waitsFor === "approval"
            ? `instar update show ${update}; ${wantsPasskey(body.noted) ? "approve it with your passkey in the console (instar console)" : `instar update approve ${update}`}, or instar update reject ${update}`
            : "instar policy check",
        );
      return body.waitsFor === "operator"
        ? say(
            "waiting",
            `${update} ${body.step} ${JSON.stringify(body.noted.heldSinceTickMs ?? null)}`,
            `the update to ${versionTo} waits for a person: ${body.because}`,
            `instar update show ${update}; instar update confirm ${update} goes on, instar update cancel ${update} goes back`,
          )
        : [];
    default:
      return [];
  }
}

/** What the look of the step that waits for people went by. */
const wantsPasskey = ({ approval }: Gives): boolean =>
  typeof approval === "object" && approval !== null && "wantsPasskey" in approval && approval.wantsPasskey === true;
