/** A module of Node, in code that browsers load too. */
export declare function importBuiltin<Module>(name: `node:${string}`): Promise<Module>;
