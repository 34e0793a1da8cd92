/** Top folder of the repository. */
export declare const TOP: string;
/** The page, from the site's top, that a file becomes: `docs/how-to/x.md` is `how-to/x.md`, a README its folder's page. */
export declare function pageOf(file: string): string;
/** Where a link of `file` leads: a page, an asset beside it or an address elsewhere (`href`), or a file that is no page. */
export type Target = {
    readonly href: string;
} | {
    readonly inRepository: string;
};
/** Throws when a file is linked to that is not there. */
export declare function targetOf(file: string, href: string): Target;
