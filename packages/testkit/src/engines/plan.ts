/** What every engine is told about a site that it is to plan. */
export interface Site {
  readonly name: string
  readonly nodes: number
  /** The folder that those of the nodes are made in. */
  readonly dir: string
  /** The file of the installed program. */
  readonly program: string
  /** Free ports, which stay the site's. */
  take(ports: number): Promise<readonly number[]>
}

/** All that one engine says about one of its nodes; what is the same for every engine is in `Node`. */
export interface NodePlan {
  readonly name: string
  readonly dir: string
  readonly endpoint: string
  readonly monitor?: string
  readonly admin?: string
  /** Folders and files of the data, removed by `wipe`, relative to the folder. */
  readonly data: readonly string[]
  /** Writes what the program reads at its start; called before each. */
  prepare(): Promise<void>
  readonly argv: readonly string[]
  /** Resolves when the node answers its protocol, as a member of its site if `company` allows. Asks until the signal aborts. */
  ready(company: Company, signal: AbortSignal): Promise<void>
  /** New configuration lines for a running node; absent: the engine cannot. Resolves when the node says that it has them. */
  reload?(config: string | undefined, poke: () => void, signal: AbortSignal): Promise<void>
  /** Asks a running node to let its clients go; absent: the engine cannot. */
  readonly lameDuckSignal?: NodeJS.Signals
}

/** Who else of the site is up: all, enough to decide (a quorum), or too few. */
export type Company = 'all' | 'quorum' | 'few'
