import { version } from 'react'
import { version as domVersion } from 'react-dom'
import { expect, it } from 'vitest'

it('runs with the React that it was told to', () => {
  const major = process.env['REACT_MAJOR'] ?? '19'
  expect([version.split('.')[0], domVersion.split('.')[0]]).toEqual([major, major])
})
