/** Pictures of a folder by which int8 finds its ranges, at most. */
export const FOLDER_PICTURES = 256;
/** Pictures of a run itself, at most: these are read twice. */
export const RUN_PICTURES = 32;
