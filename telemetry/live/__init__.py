"""Live push: from a committed batch to every open page. It carries copies; nothing depends on their arrival."""
