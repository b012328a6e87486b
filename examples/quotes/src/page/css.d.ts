/** Style sheets are imported for what they do; vite puts them into the page. */
declare module '*.css'
