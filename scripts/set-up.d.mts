/** Whether the build is of the present sources. */
export declare function isBuilt(): boolean;
