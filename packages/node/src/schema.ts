import * as z from 'zod'

/** A secret: the text itself, the name of an environment variable, or a file that is read anew for each dial. */
export type Secret = string | { readonly env: string } | { readonly file: string }

export interface LocationConfig {
  readonly environment: 'on-prem' | 'cloud' | 'edge'
  readonly region?: string | undefined
  readonly zone?: string | undefined
}

export interface SiteConfig {
  readonly location: LocationConfig
  /** `nats`, `kafka`, `kubemq`, `websocket`, `memory`, or the name of a package. */
  readonly driver: string
  readonly endpoints: readonly string[]
  readonly credentials?:
    | { readonly token: Secret }
    | { readonly user: Secret; readonly password: Secret }
    | { readonly jwt: Secret; readonly seed: Secret }
    | undefined
  readonly tls?:
    | {
        readonly ca?: Secret | undefined
        readonly cert?: Secret | undefined
        readonly key?: Secret | undefined
        readonly serverName?: string | undefined
      }
    | undefined
  /** The driver's own. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  readonly mode?: 'active' | 'standby' | 'drain' | undefined
}

type Ack = 'any' | 'majority' | 'all'

export type PolicyConfig =
  | 'nearest'
  | 'local'
  | { readonly primary: readonly string[] }
  | {
      readonly pinned: {
        readonly by: 'key' | 'channel' | Readonly<Record<string, string>>
        readonly failover?: boolean | undefined
      }
    }
  | { readonly weighted: Readonly<Record<string, number>> }
  | { readonly all: { readonly ack?: Ack | undefined } }

type DurationConfig = number | `${number}${'ms' | 's' | 'm' | 'h'}`

export type ChannelConfig =
  | {
      readonly kind: 'topic'
      readonly name: string
      readonly delivery?: 'live' | 'durable' | undefined
      readonly latest?: boolean | undefined
    }
  | {
      readonly kind: 'queue'
      readonly name: string
      readonly maxDeliveries?: number | undefined
      readonly deadLetter?: string | undefined
      readonly lease?: DurationConfig | undefined
      readonly retry?: readonly DurationConfig[] | undefined
    }
  | { readonly kind: 'rpc'; readonly name: string; readonly idempotent?: boolean | undefined }

/** The configuration file, version 1. */
export interface Config {
  readonly here: LocationConfig
  readonly sites: Readonly<Record<string, SiteConfig>>
  /** First match wins. */
  readonly routes?: readonly { readonly match: string; readonly policy: PolicyConfig }[] | undefined
  /** Contracts for programs that have none in code. */
  readonly channels?: Readonly<Record<string, ChannelConfig>> | undefined
  /** `warm`: the sites that come next are kept ready, and topics go there while the one before is still in doubt. Default `cold`. */
  readonly standby?: 'cold' | 'warm' | undefined
}

const secret: z.ZodType<Secret> = z.union([
  z.string(),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
])

const location: z.ZodType<LocationConfig> = z.strictObject({
  environment: z.enum(['on-prem', 'cloud', 'edge']),
  region: z.string().optional(),
  zone: z.string().optional(),
})

const credentials: z.ZodType<NonNullable<SiteConfig['credentials']>> = z.union([
  z.strictObject({ token: secret }),
  z.strictObject({ user: secret, password: secret }),
  z.strictObject({ jwt: secret, seed: secret }),
])

const tls: z.ZodType<NonNullable<SiteConfig['tls']>> = z.strictObject({
  ca: secret.optional(),
  cert: secret.optional(),
  key: secret.optional(),
  serverName: z.string().optional(),
})

const site: z.ZodType<SiteConfig> = z.strictObject({
  location,
  driver: z.string(),
  endpoints: z.array(z.string().min(1, 'an endpoint is missing here')).min(1, 'at least one endpoint'),
  credentials: credentials.optional(),
  tls: tls.optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  mode: z.enum(['active', 'standby', 'drain']).optional(),
})

/** Each policy under its own key, so that a wrong one is told by its name. */
const policy: z.ZodType<PolicyConfig> = z.union([
  z.enum(['nearest', 'local']),
  z.strictObject({ primary: z.array(z.string()).min(1) }),
  z.strictObject({
    pinned: z.strictObject({
      by: z.union([z.enum(['key', 'channel']), z.record(z.string(), z.string())]),
      failover: z.boolean().optional(),
    }),
  }),
  z.strictObject({ weighted: z.record(z.string(), z.number().min(0)) }),
  z.strictObject({ all: z.strictObject({ ack: z.enum(['any', 'majority', 'all']).optional() }) }),
])

const duration: z.ZodType<DurationConfig> = z.union([
  z.number().min(0),
  z.templateLiteral([z.number(), z.enum(['ms', 's', 'm', 'h'])]),
])

const channel: z.ZodType<ChannelConfig> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('topic'),
    name: z.string(),
    delivery: z.enum(['live', 'durable']).optional(),
    latest: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal('queue'),
    name: z.string(),
    maxDeliveries: z.int().min(1).optional(),
    deadLetter: z.string().optional(),
    lease: duration.optional(),
    retry: z.array(duration).min(1).optional(),
  }),
  z.strictObject({ kind: z.literal('rpc'), name: z.string(), idempotent: z.boolean().optional() }),
])

/** Unknown keys are errors. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  here: location,
  sites: z.record(z.string(), site).refine((sites) => Object.keys(sites).length > 0, 'at least one site'),
  routes: z.array(z.strictObject({ match: z.string(), policy })).optional(),
  channels: z.record(z.string(), channel).optional(),
  standby: z.enum(['cold', 'warm']).optional(),
})
