import * as z from 'zod'

/** A secret: the text itself, the name of an environment variable, or a file that is read anew for each dial. */
const secret = z.union([z.string(), z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])

const location = z.strictObject({
  environment: z.enum(['on-prem', 'cloud', 'edge']),
  region: z.string().optional(),
  zone: z.string().optional(),
})

const credentials = z.union([
  z.strictObject({ token: secret }),
  z.strictObject({ user: secret, password: secret }),
  z.strictObject({ jwt: secret, seed: secret }),
])

const tls = z.strictObject({
  ca: secret.optional(),
  cert: secret.optional(),
  key: secret.optional(),
  serverName: z.string().optional(),
})

const site = z.strictObject({
  location,
  driver: z.string(),
  endpoints: z.array(z.string()).min(1),
  credentials: credentials.optional(),
  tls: tls.optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  mode: z.enum(['active', 'standby', 'drain']).optional(),
})

/** Each policy under its own key, so that a wrong one is told by its name. */
const policy = z.union([
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

const duration = z.union([z.number().min(0), z.templateLiteral([z.number(), z.enum(['ms', 's', 'm', 'h'])])])

const channel = z.discriminatedUnion('kind', [
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

/** The configuration file, version 1. Unknown keys are errors. */
export const configSchema = z.strictObject({
  here: location,
  sites: z.record(z.string(), site).refine((sites) => Object.keys(sites).length > 0, 'at least one site'),
  routes: z.array(z.strictObject({ match: z.string(), policy })).optional(),
  channels: z.record(z.string(), channel).optional(),
})

export type Config = z.infer<typeof configSchema>
export type SiteConfig = Config['sites'][string]
export type ChannelConfig = NonNullable<Config['channels']>[string]
export type PolicyConfig = NonNullable<Config['routes']>[number]['policy']
export type Secret = z.infer<typeof secret>
