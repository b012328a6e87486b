import { Command, type Line } from './processes.js'

export async function producer(config: string, channel: string, ...args: string[]): Promise<Command> {
  const command = new Command('verify-producer', '-c', config, '--channel', channel, ...args)
  await command.until('startup_complete')
  return command
}

export async function consumer(config: string, channel: string, ...args: string[]): Promise<Command> {
  const command = new Command('verify-consumer', '-c', config, '--channel', channel, ...args)
  await command.until('startup_complete')
  return command
}

/** Messages behind all others: when they are here, whatever comes twice has come. Ends the consumer and gives its summary. */
export async function close(config: string, channel: string, reading: Command): Promise<Line> {
  const marker = await producer(
    config,
    channel,
    '--count',
    '20',
    '--keys',
    '20',
    '--prefix',
    'marker',
    '--timeout',
    '5000',
  )
  const { acked } = await marker.summary()
  await reading.until('record', Number(acked), isMarker)
  reading.child.kill('SIGTERM')
  return reading.summary()
}

const isMarker = ({ id }: Line): boolean => String(id).startsWith('marker-')

/** What was given but for the markers. */
export function given(...commands: Command[]): Line[] {
  return commands.flatMap(({ lines }) => lines.filter((line) => !isMarker(line)))
}
