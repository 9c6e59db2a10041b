import { expect, test } from "vitest";
import { planCgroupPlaces } from "./plan-cgroup-places.ts";

const mount = (root: string, at: string, kind: string, options: string) => `30 23 0:26 ${root} ${at} rw,nosuid shared:4 - ${kind} ${kind} rw,${options}`;

test("version 1 has a folder for each controller, below the process's own", () => {
  const own = "12:memory:/job\n9:pids:/\n5:cpu,cpuacct:/job\n0::/";
  const mounts = [
    mount("/", "/sys/fs/cgroup/memory", "cgroup", "memory"),
    mount("/", "/sys/fs/cgroup/pids", "cgroup", "pids"),
    mount("/", "/sys/fs/cgroup/cpu", "cgroup", "cpu,cpuacct"),
  ].join("\n");
  const folders = { memory: "/sys/fs/cgroup/memory/job", pids: "/sys/fs/cgroup/pids/", cpu: "/sys/fs/cgroup/cpu/job" };
  expect(planCgroupPlaces(own, mounts)).toEqual([{ version: 1, isOurs: false, folders }]);
});

test("version 2 has one for all", () => {
  const folder = "/sys/fs/cgroup/system.slice/instar.service";
  expect(planCgroupPlaces("0::/system.slice/instar.service\n", mount("/", "/sys/fs/cgroup", "cgroup2", "nsdelegate"))).toEqual([
    { version: 2, isOurs: false, folders: { memory: folder, pids: folder, cpu: folder } },
  ]);
});

test("in a container the mount begins at the container's own", () => {
  const places = planCgroupPlaces("0::/docker/abc/inner", mount("/docker/abc", "/sys/fs/cgroup", "cgroup2", "rw"));
  expect(places[0]?.folders.memory).toBe("/sys/fs/cgroup/inner");
});

test("where there are none, there is no place", () => {
  expect(planCgroupPlaces("", "")).toEqual([]);
  expect(planCgroupPlaces("0::/", mount("/", "/", "ext4", "rw"))).toEqual([]);
});

test("beside the subgroup that Instar's own unit makes there is room for jobs", () => {
  const places = planCgroupPlaces("0::/system.slice/instar-a.service/instar", mount("/", "/sys/fs/cgroup", "cgroup2", "rw"));
  expect(places.map(({ folders, isOurs }) => [folders.memory, isOurs])).toEqual([
    ["/sys/fs/cgroup/system.slice/instar-a.service", true],
    ["/sys/fs/cgroup/system.slice/instar-a.service/instar", false],
  ]);
});
