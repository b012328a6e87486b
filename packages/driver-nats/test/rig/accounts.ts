/** Who may do what at the servers of a rig. Both passwords would show in a log that has them. */
export const CLIENT = { by: 'password', user: 'client', password: 'client-secret-1' } as const
const ADMIN = { user: 'admin', pass: 'admin-secret-1' } as const

/** What happens to the client's rights while a server runs. */
export interface Rights {
  /** Another password than the one that it has: whoever uses the old one is thrown out. */
  readonly expired?: boolean
  /** Subjects that it may not publish to, nor subscribe to. */
  readonly denied?: readonly string[]
}

/** Lines of a server's configuration. */
export function accounts({ expired = false, denied = [] }: Rights = {}): string {
  const deny = JSON.stringify(denied)
  const permissions = `permissions: { publish: { deny: ${deny} }, subscribe: { deny: ${deny} } }`
  const password = expired ? 'another' : CLIENT.password
  return `authorization { users: [
  { user: "${CLIENT.user}", password: "${password}", ${permissions} }
  { user: "${ADMIN.user}", password: "${ADMIN.pass}" }
] }`
}

export { ADMIN }
