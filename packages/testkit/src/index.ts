export { describeDriver } from './conformance/describe.js'
export type {
  BadCredentials,
  DroppedSetting,
  Facilities,
  Facility,
  Foreign,
  Harness,
  Resources,
  Rig,
  SilentEndpoint,
  Skips,
  TlsFault,
} from './conformance/harness.js'
export { conduct, judge, type Verdict } from './conformance/judge.js'
export { properties } from './conformance/properties.js'
export { nameOf, type Property, type PropertyId, titleOf } from './conformance/property.js'
export { Summary, type SummaryRow } from './conformance/summary.js'
export { describeClient, promises } from './promises/describe.js'
export type { ClientHarness, Promised, Stage } from './promises/harness.js'
