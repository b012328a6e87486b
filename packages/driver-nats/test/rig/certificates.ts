import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authority, type CertificateOptions, createAuthority } from '@spanwire/testkit/network'

/** Certificates of a test, where servers need them: in files. */
export interface Certificates {
  readonly authority: Authority
  /** The `tls` block of a server whose certificate has these names. `more`: further lines of it. */
  serverBlock(names: CertificateOptions, more?: string): Promise<string>
  remove(): Promise<void>
}

export async function makeCertificates(): Promise<Certificates> {
  const dir = await mkdtemp(join(tmpdir(), 'spanwire-nats-tls-'))
  const authority = createAuthority('nats tests')
  let made = 0
  const save = async (name: string, pem: string): Promise<string> => {
    const file = join(dir, name)
    await writeFile(file, pem, { mode: 0o600 })
    return file
  }
  const ca = await save('ca.pem', authority.cert)
  return {
    authority,
    async serverBlock(names, more = '') {
      made += 1
      const { cert, key } = authority.issue(names)
      const files = [await save(`${made}.pem`, cert), await save(`${made}.key`, key)]
      return `tls { cert_file: "${files[0]}", key_file: "${files[1]}", ca_file: "${ca}", ${more} }`
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}
