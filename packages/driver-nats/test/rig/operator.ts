import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt'
import { createAccount, createOperator, createUser } from '@nats-io/nkeys'
import type { Credentials } from '@spanwire/driver'

type Key = Extract<Credentials, { by: 'key' }>

/** An operator's servers, in whose name accounts are kept and users made, as `nsc` makes them. */
export interface Operator {
  /** Lines of the server's configuration. */
  readonly config: string
  /** A user's creds; `untilMs`: Unix ms, to the second. */
  user(options?: { readonly untilMs?: number }): Promise<Key>
  /** A user's creds that an account signed which the servers do not know. */
  stranger(): Promise<Key>
}

const UNLIMITED = {
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
  conn: -1,
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
}

export async function makeOperator(): Promise<Operator> {
  const [operator, system, account] = [createOperator(), createAccount(), createAccount()]
  const accounts = [
    [system.getPublicKey(), await encodeAccount('SYS', system, {}, { signer: operator })],
    [account.getPublicKey(), await encodeAccount('APP', account, { limits: UNLIMITED }, { signer: operator })],
  ]
  const user = async (signer: typeof account, untilMs?: number): Promise<Key> => {
    const keys = createUser()
    const until = untilMs === undefined ? {} : { exp: Math.floor(untilMs / 1_000) }
    const jwt = await encodeUser('tester', keys, signer, {}, until)
    return { by: 'key', jwt, seed: new TextDecoder().decode(keys.getSeed()) }
  }
  return {
    config: [
      `operator: "${await encodeOperator('OP', operator, { system_account: system.getPublicKey() })}"`,
      'resolver: MEMORY',
      `system_account: ${system.getPublicKey()}`,
      `resolver_preload: { ${accounts.map(([key, jwt]) => `${key}: "${jwt}"`).join(', ')} }`,
    ].join('\n'),
    user: ({ untilMs } = {}) => user(account, untilMs),
    stranger: () => user(createAccount()),
  }
}
