"""The release, in one place: a container holds the sources without the metadata of a package."""

VERSION = "0.1.0"
