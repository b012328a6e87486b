import type { KafkaSecurity } from './kafka-security.js'
import { securityLines } from './kafka-security.js'

export interface KafkaNode {
  readonly name: string
  /** From 1. */
  readonly id: number
  /** The brokers among themselves, and clients where there is no security. */
  readonly plain: number
  readonly controller: number
  /** Of clients, with security; else 0. */
  readonly client: number
}

export interface KafkaConfig {
  readonly node: KafkaNode
  readonly nodes: readonly KafkaNode[]
  readonly security: KafkaSecurity | undefined
  /** Lines at the end, which win over the ones before. */
  readonly extra: string
}

/** `server.properties` of one node, broker and controller in one. */
export function kafkaConfig({ node, nodes, security, extra }: KafkaConfig): string {
  const secured: readonly Listener[] = security === undefined ? [] : [['CLIENT', node.client]]
  const brokers: readonly Listener[] = [['PLAINTEXT', node.plain], ...secured]
  const listeners: readonly Listener[] = [...brokers, ['CONTROLLER', node.controller]]
  const copies = Math.min(3, nodes.length)
  const inSync = copies > 1 ? 2 : 1
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: addresses(listeners),
    'advertised.listeners': addresses(brokers),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
      ...(security === undefined ? [] : [`CLIENT:${protocolOf(security)}`]),
    ].join(','),
    'log.dirs': 'data',
    'auto.create.topics.enable': false,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    ...fast,
    ...small,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return `${[...lines, ...(security === undefined ? [] : securityLines(security)), extra].join('\n')}\n`
}

/** A broker that is gone or hangs is out after 3 s instead of 9 s, and nobody waits 30 s for a controller that is. */
const fast = {
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'controller.socket.timeout.ms': 2000,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
}

/** Threads and buffers for tests; the buffer alone is 128 MiB by default. */
const small = {
  'log.cleaner.dedupe.buffer.size': 2_097_152,
  'num.network.threads': 2,
  'num.io.threads': 2,
  'background.threads': 2,
}

type Listener = readonly [name: string, port: number]

function addresses(listeners: readonly Listener[]): string {
  return listeners.map(([name, port]) => `${name}://127.0.0.1:${port}`).join(',')
}

function protocolOf({ users, certificate }: KafkaSecurity): string {
  const over = certificate === undefined ? 'PLAINTEXT' : 'SSL'
  return users === undefined ? over : `SASL_${over}`
}
