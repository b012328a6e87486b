import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsFault } from '@spanwire/testkit'
import { createAuthority } from '@spanwire/testkit/network'
import { Node } from './server.js'

/** A server with TLS. It takes clients without a certificate whatever it is told. */
export async function tlsFaults() {
  const dir = await mkdtemp(join(tmpdir(), 'spanwire-kubemq-tls-'))
  const authority = createAuthority('kubemq tests')
  const { cert, key } = authority.issue({ name: 'kubemq', ips: ['127.0.0.1'] })
  const save = async (name: string, pem: string): Promise<string> => {
    const file = join(dir, name)
    await writeFile(file, pem, { mode: 0o600 })
    return file
  }
  const node = await Node.start({
    SECURITY_CERT_FILENAME: await save('cert.pem', cert),
    SECURITY_KEY_FILENAME: await save('key.pem', key),
  })
  const endpoints = [node.endpoint]
  const faults: readonly TlsFault[] = [
    { what: 'unknown authority', endpoints, tls: { ca: createAuthority('other').cert }, says: /authority/ },
    { what: 'wrong name', endpoints, tls: { ca: authority.cert, serverName: 'elsewhere.example' }, says: /name/ },
  ]
  const dispose = async (): Promise<void> => {
    await node.stop()
    await rm(dir, { recursive: true, force: true })
  }
  return { tlsFaults: faults, dispose }
}
