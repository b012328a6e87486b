/**
 * What {@link startEngines} starts. `embedded`: the memory engine behind a gateway, for driver `websocket`. `kubemq`: the
 * server that `KUBEMQ_BIN` names, or without it a double.
 */
export type EngineName = 'nats' | 'kafka' | 'kubemq' | 'embedded'

/** A program that runs nodes. */
export interface InstalledEngine {
  readonly name: EngineName
  readonly version: string
  /** The program's file; of Kafka its folder. */
  readonly path: string
  /** Where it came from, in words: `go install`, `debian package`, `maven central`, `@spanwire/cli`. */
  readonly source: string
  /** It is not the engine but a program of ours that speaks as the engine does. */
  readonly double?: true
}

/** Sites that were started, and whoever holds this owns them: they end with `stop()`, or with this process. */
export interface Engines extends AsyncDisposable {
  readonly sites: readonly EngineSite[]
  /** The folder that those of the nodes are in. */
  readonly dir: string
  /** Ends every node, whatever its state, and removes the folders. Again: does nothing. */
  stop(): Promise<void>
}

export interface EngineSite {
  /** `site1`, `site2` and so on. */
  readonly name: string
  readonly engine: EngineName
  /** Not the engine itself but a double of it: what was shown there is to be shown with the engine too. */
  readonly double?: true
  /** `127.0.0.1:PORT` of each node, in their order, as a client's configuration takes it. */
  readonly endpoints: readonly string[]
  readonly nodes: readonly EngineNode[]
}

/** `hung`: stopped by {@link EngineNode.hang}, its sockets open. `down`: ended, whoever ended it. */
export type NodeState = 'up' | 'hung' | 'down'

/** One process of an engine, with an endpoint and a folder that it keeps. */
export interface EngineNode {
  /** `site1-1`: its site and its place in it. */
  readonly name: string
  readonly endpoint: string
  /** `127.0.0.1:PORT` of its monitoring pages over HTTP; absent for engines without. */
  readonly monitor?: string
  /** `127.0.0.1:PORT` that everybody may do everything at, without a name; of Kafka with `security` only. */
  readonly admin?: string
  /** Its folder: configuration, data, and what it logs in `out.log`. */
  readonly dir: string
  /** The process of the last start; after a restart another one. */
  readonly pid: number
  readonly state: NodeState
  /** SIGKILL. Resolves when the process is gone; at once if it was. */
  kill(): Promise<void>
  /** SIGTERM. Resolves when the process is gone; rejects with `timeout` after 10 s, as for a node that hangs. */
  terminate(): Promise<void>
  /**
   * Starts it again with the same folder and port; one that runs is ended before. `wipe` empties its data first, default
   * `keep`. Resolves when it is ready again, of a cluster as a member if enough of the others are up.
   */
  restart(how?: { readonly data: 'keep' | 'wipe' }): Promise<void>
  /** SIGSTOP: connections stay open and nothing is answered. Throws `conflict` if it is down. */
  hang(): void
  /** SIGCONT: what was written to it meanwhile is now read. Does nothing to a node that is up or down. */
  heal(): void
  /**
   * Reads its configuration again, with `config` in place of the lines that it was started with if that is given. Resolves
   * when the node says that it did; what it refuses rejects with `invalid` and its words. NATS only.
   */
  reload(config?: string): Promise<void>
  /** Asks it to let its clients go and to end, which takes 30 s. NATS only. */
  lameDuck(): void
}
