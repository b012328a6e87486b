import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { program } from './program.js'

function all(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(all)]
}

describe('the help', () => {
  it.each(all(program()).map((command) => [command.name(), command] as const))(
    'of %s says what it does, and what each option means',
    (_, command) => {
      expect(command.helpInformation()).toMatch(/^Usage: spanwire/)
      expect(command.description()).not.toBe('')
      for (const { description, flags } of command.options) expect(description, flags).not.toBe('')
    },
  )
})
