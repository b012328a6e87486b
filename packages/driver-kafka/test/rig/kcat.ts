import { spawn, spawnSync } from 'node:child_process'

const PROGRAM = 'kcat'

/** Why tests with it cannot run here; absent: they can. */
export const noKcat: string | undefined =
  spawnSync(PROGRAM, ['-V']).status === 0 ? undefined : 'kcat is not installed (apt-get install kcat)'

/** Runs kcat on the cluster and gives what it prints. */
export function kcat(endpoints: readonly string[], args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, ['-b', endpoints.join(','), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 15_000,
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`kcat ended with ${code}: ${err}`))))
    child.stdin.end(input)
  })
}
