/** Every page that the navigation leads to, in groups, in the order in which they are read. */
export const NAVIGATION = [
  {
    title: "Now",
    pages: [
      { to: "/", label: "Overview" },
      { to: "/updates", label: "Updates" },
      { to: "/observation", label: "Observation" },
    ],
  },
  {
    title: "Record",
    pages: [
      { to: "/history", label: "History" },
      { to: "/ledger", label: "Ledger" },
      { to: "/reports", label: "Reports" },
    ],
  },
  {
    title: "Keeping",
    pages: [
      { to: "/backups", label: "Backups" },
      { to: "/schedule", label: "Schedule" },
      { to: "/sources", label: "Sources" },
    ],
  },
  {
    title: "Rules",
    pages: [
      { to: "/policy", label: "Policy" },
      { to: "/people", label: "People" },
      { to: "/settings", label: "Settings" },
    ],
  },
  {
    title: "Help",
    pages: [
      { to: "/doctor", label: "Doctor" },
      { to: "/guide", label: "Guide" },
    ],
  },
] as const;
