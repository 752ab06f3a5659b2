"""Unit tests of engine/haplo, file for file. A package, so that file names may repeat those of other folders."""
