import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How clients have to come; the endpoints of the nodes are for them then, and `admin` of a node is open to all. Kafka only. */
export interface KafkaSecurity {
  /** Passwords by name, for SASL PLAIN and both SCRAM. OAUTHBEARER takes any unsigned token then. Absent: clients need no name. */
  readonly users?: Readonly<Record<string, string>>
  /** PEM: a private key, its certificate and those above it, in one text. Absent: no TLS. */
  readonly certificate?: string
  /** PEM: clients must show a certificate of this authority. */
  readonly clientCa?: string
  /** Clients may do only what an ACL grants, made at `admin`; the user `admin`, if there is one, all. Default: everything. */
  readonly acls?: boolean
}

const KEYSTORE = 'server.pem'
const TRUSTSTORE = 'clients.pem'
const LISTENER = 'listener.name.client'
const MODULES = 'org.apache.kafka.common.security'

export function securityLines({ users, certificate, clientCa, acls = false }: KafkaSecurity): readonly string[] {
  return [
    ...(users === undefined ? [] : saslLines(users)),
    ...(certificate === undefined ? [] : storeLines('keystore', KEYSTORE)),
    ...(clientCa === undefined
      ? []
      : [...storeLines('truststore', TRUSTSTORE), `${LISTENER}.ssl.client.auth=required`]),
    ...(acls ? aclLines : []),
  ]
}

/** Puts what the lines name into the folder of a node. */
export async function writeStores({ certificate, clientCa }: KafkaSecurity, dir: string): Promise<void> {
  if (certificate !== undefined) await writeFile(join(dir, KEYSTORE), certificate, { mode: 0o600 })
  if (clientCa !== undefined) await writeFile(join(dir, TRUSTSTORE), clientCa)
}

/** What the storage is formatted with, for what is no setting but a record. */
export function scramArguments({ users = {} }: KafkaSecurity): readonly string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((how) => ['--add-scram', `${how}=[name=${name},password=${password}]`]),
  )
}

function saslLines(users: Readonly<Record<string, string>>): readonly string[] {
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  const login = `${MODULES}.scram.ScramLoginModule required;`
  return [
    `${LISTENER}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER`,
    `${LISTENER}.plain.sasl.jaas.config=${MODULES}.plain.PlainLoginModule required ${known.join(' ')};`,
    `${LISTENER}.scram-sha-256.sasl.jaas.config=${login}`,
    `${LISTENER}.scram-sha-512.sasl.jaas.config=${login}`,
    `${LISTENER}.oauthbearer.sasl.jaas.config=${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  ]
}

function storeLines(kind: 'keystore' | 'truststore', file: string): readonly string[] {
  return [`${LISTENER}.ssl.${kind}.type=PEM`, `${LISTENER}.ssl.${kind}.location=${file}`]
}

/** Brokers among themselves have no name. */
const aclLines = [
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS;User:admin',
  'allow.everyone.if.no.acl.found=false',
]
