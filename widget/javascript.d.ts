// What the widget's JavaScript finds in a browser and TypeScript knows nothing of. For `cargo xtask test types` alone.

interface Window {
  /** The page's function for commands, before and after the loader has come. */
  Sayso: any
}

declare function Sayso(...command: any[]): void

interface Navigator {
  /** Chromium's, and nobody else's. */
  connection?: { saveData?: boolean }
}
