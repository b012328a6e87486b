import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The page, next to the processes that serve it. */
export default defineConfig({
  root: 'src/page',
  plugins: [react()],
  build: { outDir: '../../dist/page', emptyOutDir: true, target: 'es2022' },
})
