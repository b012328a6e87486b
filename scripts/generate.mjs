/** `npm run generate`: the code of KubeMQ's protocol, from our .proto. The generators are fetched for the moment. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { pnpm, root } from './bootstrap.mjs'

const generators = ['@bufbuild/buf@1.75.0', 'ts-proto@2.18.0'].map((name) => `--package=${name}`)

/** @returns {Promise<number>} */
export async function generate() {
  const cwd = join(root, 'packages/driver-kubemq')
  const code = await pnpm([...generators, 'dlx', 'buf', 'generate'], { cwd })
  if (code !== 0) return code
  // Testkit's double must not rest on the driver that is tested with it.
  copyFileSync(join(cwd, 'src/proto/kubemq.ts'), join(root, 'packages/testkit/src/kubemq/proto.ts'))
  return 0
}
