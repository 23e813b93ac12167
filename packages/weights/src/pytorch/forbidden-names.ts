/**
 * Whether only an attack asks for a name. Nothing is ever called, so this protects nobody here: it is for what else
 * might open the file, and a file that carries such a name is not to be trusted with its weights either.
 */
export function isForbidden(name: string): boolean {
  const modules =
    /^(?:os|posix|nt|subprocess|runpy|sys|importlib|imp|socket|shutil|pty|webbrowser|ctypes|commands|popen2|code|codeop|pdb|bdb|timeit|marshal|torch\.hub|torch\.utils\.cpp_extension)\./;
  const functions =
    /^(?:(?:builtins|__builtin__)\.(?:eval|exec|execfile|compile|__import__|open|input|breakpoint|globals|apply)|_?c?[pP]ickle\.loads?|torch(?:\.serialization|\.jit)?\.load|numpy\.testing\._private\.utils\.runstring)$/;
  return modules.test(name) || functions.test(name);
}
