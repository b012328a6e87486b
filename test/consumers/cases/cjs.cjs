const { tell } = require('./story.cjs')

tell(require('@spanwire/core'), require('@spanwire/driver-memory')).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
