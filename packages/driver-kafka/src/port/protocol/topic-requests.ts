import type { NewKafkaTopic } from '../port.js'
import { Writer } from './bytes.js'
import type { Request } from './requests.js'

export interface Told {
  readonly code: number
  readonly said: string | undefined
}

export function createTopic(topic: NewKafkaTopic, timeoutMs: number): Request<Told> {
  const body = new Writer()
  body
    .list([topic], ({ name, partitions, replicas = -1, settings = {} }) => {
      body.text(name).int32(partitions).int16(replicas)
      body.list([], () => {})
      body.list(Object.entries(settings), ([key, value]) => body.text(key).text(value))
    })
    .int32(timeoutMs)
    .bool(false)
  return {
    api: 19,
    version: 4,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const [told] = reader.list((one) => {
        one.text()
        return { code: one.int16(), said: one.textOrNull() }
      })
      return told ?? NOTHING
    },
  }
}

export function deleteTopic(name: string, timeoutMs: number): Request<Told> {
  const body = new Writer()
  body.list([name], (one) => body.text(one)).int32(timeoutMs)
  return {
    api: 20,
    version: 3,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const [code] = reader.list((one) => {
        one.text()
        return one.int16()
      })
      return code === undefined ? NOTHING : { code, said: undefined }
    },
  }
}

export interface Settings extends Told {
  readonly settings: ReadonlyMap<string, string>
}

const OF_TOPIC = 2

export function describeTopic(name: string): Request<Settings> {
  const body = new Writer().int32(1).int8(OF_TOPIC).text(name).int32(-1).bool(false)
  return {
    api: 32,
    version: 1,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const [told] = reader.list((one) => {
        const code = one.int16()
        const said = one.textOrNull()
        one.int8()
        one.text()
        const settings = one.list((of): [string, string] => {
          const setting: [string, string] = [of.text(), of.text()]
          of.bool()
          of.int8()
          of.bool()
          of.list((synonym) => [synonym.text(), synonym.textOrNull(), synonym.int8()])
          return setting
        })
        return { code, said, settings: new Map(settings) }
      })
      return told ?? { ...NOTHING, settings: new Map() }
    },
  }
}

/** An answer without what was asked about. */
const NOTHING: Told = { code: -1, said: undefined }
