// The browser's storage with one drawer per frontend: tabs and history of one are not shown in another.
export function storageOf(frontend) {
  const prefix = `bff:${frontend}:`;
  const names = () => Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  return {
    getItem: (name) => localStorage.getItem(prefix + name),
    setItem: (name, value) => localStorage.setItem(prefix + name, value),
    removeItem: (name) => localStorage.removeItem(prefix + name),
    clear: () => names().forEach((name) => localStorage.removeItem(name)),
    get length() { return names().length; },
  };
}
