import { expect, test } from "vitest";
import { adviseNamespaces, type NamespaceFacts } from "./advise-namespaces.ts";

const fine: NamespaceFacts = { usernsClone: undefined, maxUserNamespaces: "96365", appArmorRestricts: undefined, isContainer: false };

test.each<[string, Partial<NamespaceFacts>, RegExp]>([
  ["Debian's switch", { usernsClone: "0" }, /kernel\.unprivileged_userns_clone=1/],
  ["none allowed at all", { maxUserNamespaces: "0" }, /user\.max_user_namespaces/],
  ["Ubuntu's AppArmor", { appArmorRestricts: "1" }, /apparmor/i],
  ["a container", { isContainer: true }, /docker: --security-opt/],
  ["nothing that we know", {}, /by hand/],
])("%s is said", (_name, facts, wanted) => {
  expect(adviseNamespaces({ ...fine, ...facts })).toMatch(wanted);
});
