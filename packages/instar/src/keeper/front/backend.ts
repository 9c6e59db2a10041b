/** Where requests go: one running release. */
export interface Backend {
  readonly slot: string;
  /** The name under which its requests are counted. */
  readonly release: string;
  readonly host: string;
  readonly port: number;
  /** A Unix socket instead, where the agent listens on one; host and port then name nothing. */
  readonly socketPath?: string;
}
