/** How a lane finds its home among the sites. Made by `nearest`, `primary`, `pinned`, `weighted`, `all` and `local`. */
export type Policy<Site extends string = string> =
  | { readonly by: 'nearest' }
  | { readonly by: 'local' }
  | { readonly by: 'primary'; readonly sites: readonly Site[] }
  | {
      readonly by: 'pinned'
      readonly to: 'key' | 'channel' | Readonly<Record<string, Site>>
      readonly failover: boolean
    }
  | { readonly by: 'weighted'; readonly shares: Readonly<Partial<Record<Site, number>>> }
  | { readonly by: 'all'; readonly ack: 'any' | 'majority' | 'all' }
