/** What Instar itself puts into a state folder that cannot be renamed, while it restores and for keeping aside. */
export const OWN_NAMES = /^\.instar-(restore|aside)-/;
