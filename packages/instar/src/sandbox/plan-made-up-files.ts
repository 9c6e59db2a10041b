/** Files that a job sees instead of the machine's own: enough for a program to ask who it is and where localhost is. */
export function planMadeUpFiles({ uid, gid }: { uid: number; gid: number }): { name: string; path: string; text: string }[] {
  const [user, group] = [uid === 0 ? "root" : "job", gid === 0 ? "root" : "job"];
  const nobody = uid === 65_534 ? "" : "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n";
  return [
    { name: "passwd", path: "/etc/passwd", text: `${user}:x:${uid}:${gid}:${user}:/tmp:/bin/sh\n${nobody}` },
    { name: "group", path: "/etc/group", text: `${group}:x:${gid}:\n${gid === 65_534 ? "" : "nogroup:x:65534:\n"}` },
    { name: "hosts", path: "/etc/hosts", text: "127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 instar-job\n" },
    { name: "nsswitch.conf", path: "/etc/nsswitch.conf", text: "passwd: files\ngroup: files\nhosts: files dns\n" },
  ];
}
