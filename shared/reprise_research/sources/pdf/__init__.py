"""PDFs by where their glyphs stand: lines, columns, tables and paragraphs, whatever the order in which a
program drew them."""
